import { beforeEach, expect, test, vi } from 'vitest'
import { Problem } from '../src/api/problem'
import { editOne } from '../src/edits/changes'
import { oneEdited } from '../src/edits/oneEdited'
import { itemDetails, type ItemDetails } from '../src/photos/itemDetails'

vi.mock('../src/edits/changes', () => ({ editOne: vi.fn() }))
vi.mock('../src/photos/itemDetails', () => ({ itemDetails: vi.fn(), forgetDetails: () => {} }))

const details = (revision: number, title: string) => ({ id: 'a', revision, title }) as ItemDetails
const edit = { set: { title: 'Mine' } }
const done = () => ''
const revisions = () => vi.mocked(editOne).mock.calls.map(([, revision]) => revision)

beforeEach(() => vi.resetAllMocks())

test('what was changed elsewhere is shown before it can be overwritten', async () => {
  const { edited, save } = oneEdited(details(3, 'Before'), done)
  vi.mocked(itemDetails).mockResolvedValue(details(4, 'Theirs'))
  vi.mocked(editOne).mockRejectedValueOnce(new Problem(412, 'item_changed', ''))
  await expect(save(edit)).rejects.toMatchObject({ status: 412 })
  expect(edited.value.known?.[0]?.title).toBe('Theirs')
  await save(edit)
  expect(revisions()).toEqual([3, 4])
})

test('what was changed elsewhere and could not be looked at is not overwritten by the next try', async () => {
  const { edited, save } = oneEdited(details(3, 'Before'), done)
  vi.mocked(itemDetails).mockRejectedValue(new Problem(0, 'unreachable', ''))
  vi.mocked(editOne).mockRejectedValue(new Problem(412, 'item_changed', ''))
  await expect(save(edit)).rejects.toMatchObject({ code: 'unreachable' })
  await expect(save(edit)).rejects.toMatchObject({ code: 'unreachable' })
  expect(edited.value.known?.[0]?.title).toBe('Before')
  expect(revisions()).toEqual([3, 3])
})
