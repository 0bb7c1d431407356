import { answer, api } from '../api/client'
import { messageOf, Problem } from '../api/problem'
import type { components } from '../api/schema'
import { libraryMayHaveMoved } from '../live/live'
import { forgetDetails } from '../photos/itemDetails'
import { queue } from '../queue'
import type { Target } from '../selection/selection'
import { texts } from '../texts/texts'
import { dismiss, notify, tell, insist } from '../ui/notices'
import { forgetUnanswered, sendOnce, untilAnswered } from './sending'
import { sendInTurn } from './turns'

export type Change = components['schemas']['Change']
type OfMany = components['schemas']['ItemsEdit']
/** What is to be written of items, and what is to be again as their files say. */
export type Edit = { set?: OfMany['set']; reset?: OfMany['reset'] }

/** What a change is called once it is done: `12 photos archived`. */
export type Done = (count: number) => string

const ASK_AGAIN_MS = 1000
/** What doesn't come on, since it waits or the server is away, is asked about more and more seldom. */
const MOST_SELDOM_MS = 20_000
const MOST_UNDOABLE = 100

/** What a person did in one go, which is undone in one go too. `onUndone`: who wants to know once it is. */
type Deed = { changes: Change[]; onUndone: (() => void) | undefined }

/** The latest deeds that can be undone by a key, running ones too: the last is what a person did last. */
const undoable: Deed[] = []

/** An undo waits for the end of the one before, on whose outcome its own depends. */
const undoInTurn = queue()

/** Write the same of many items; resolves once that has begun, as what takes long goes on by itself. Throws `Problem`. */
export function editMany(targets: Target[], edit: Edit, done: Done, onUndone?: () => void): Promise<void> {
  const deed = targets.map((target) => ({ ...target, ...edit }))
  return carryOut(deed, (body, changeId) => answer(api.PATCH('/items', { body: { ...body, changeId } })), done, onUndone)
}

/** Write of one item, if it is of that revision still. Throws `Problem`, of status 412 where it was changed elsewhere. */
export function editOne(item_id: string, revision: number, edit: Edit, done: Done): Promise<void> {
  const asked = { params: { path: { item_id }, header: { 'If-Match': `"${revision}"` } }, body: edit }
  return carryOut([asked], ({ params, body }, changeId) => answer(api.PATCH('/items/{item_id}', { params, body: { ...body, changeId } })), done)
}

function carryOut<A>(
  deed: A[],
  send: (asked: A, changeId: string) => Promise<Change>,
  done: Done,
  onUndone?: () => void,
): Promise<void> {
  return sendInTurn(async () => {
    const changes: Change[] = []
    try {
      await sendOnce(deed, send, (change) => changes.push(change))
    } finally {
      // What came before a failure is done, and can be undone.
      if (changes.length > 0) void follow({ changes, onUndone }, done)
    }
  })
}

/** Tell of changes, with a way back: at once where they are done, of those that take long how far they are until then. */
async function follow(deed: Deed, done: Done): Promise<void> {
  const { changes } = deed
  // What was done in part before, and is whole now.
  const isPart = (other: Deed) => other.changes.every(({ id }) => changes.some((change) => change.id === id))
  undoable.filter(isPart).forEach(forget)
  undoable.push(deed)
  if (undoable.length > MOST_UNDOABLE) undoable.shift()
  const wayBack = { label: texts.edits.undo, run: () => void undoInTurn(() => undo(deed)) }
  try {
    const ended = await ends(changes)
    // It was undone before that was known.
    if (!undoable.includes(deed)) return
    const sum = (of: 'done' | 'skipped') => ended.reduce((total, change) => total + change[of], 0)
    if (sum('done') === 0) {
      forget(deed)
      insist(texts.edits.noneDone)
    } else {
      const told = done(sum('done'))
      notify(sum('skipped') > 0 ? texts.edits.doneInPart(told, sum('skipped')) : told, wayBack)
    }
  } catch (error) {
    insist(texts.edits.notFollowed(messageOf(error)), wayBack)
  }
}

/** Resolves with the changes once all have ended. Throws `Problem` where that can't be learnt, or one has failed. */
async function ends(changes: Change[]): Promise<Change[]> {
  let notice: number | undefined
  let pause = ASK_AGAIN_MS
  let come = -1
  try {
    for (let now = changes; ; now = await Promise.all(now.map(asked))) {
      if (now.every(({ state }) => state !== 'running')) {
        if (now.some(({ state }) => state === 'failed')) throw new Problem(500, 'internal_error', texts.edits.failed)
        return now
      }
      const sum = (of: (change: Change) => number) => now.reduce((total, change) => total + of(change), 0)
      const before = come
      come = sum((change) => change.done + change.skipped)
      notice = tell(texts.edits.progress(come, sum((change) => change.total)), undefined, notice)
      pause = come > before ? ASK_AGAIN_MS : Math.min(pause * 1.5, MOST_SELDOM_MS)
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
  } finally {
    if (notice !== undefined) dismiss(notice)
    forgetDetails()
    libraryMayHaveMoved()
  }
}

/** How far a change is by now; as it was, where the server only asks for patience. */
async function asked(change: Change): Promise<Change> {
  if (change.state !== 'running') return change
  try {
    return await answer(api.GET('/changes/{change_id}', { params: { path: { change_id: change.id } } }))
  } catch (error) {
    if (error instanceof Problem && error.passing) return change
    throw error
  }
}

async function undo(deed: Deed): Promise<void> {
  try {
    // Those that were done later first.
    const undone = await sendInTurn(async () => {
      forgetUnanswered()
      const answers: Change[] = []
      for (const { id } of deed.changes.toReversed()) {
        const params = { path: { change_id: id } }
        answers.push(await untilAnswered(() => answer(api.POST('/changes/{change_id}/undo', { params }))))
      }
      return answers
    })
    const skipped = (await ends(undone)).reduce((sum, change) => sum + change.skipped, 0)
    forget(deed)
    deed.onUndone?.()
    notify(skipped > 0 ? texts.edits.undoneInPart(skipped) : texts.edits.undone)
  } catch (error) {
    // It may yet be undone where the server could not be asked, or the change is still running.
    if (error instanceof Problem && !error.passing && error.status !== 409) forget(deed)
    insist(texts.edits.notUndone(messageOf(error)))
  }
}

function forget(deed: Deed): void {
  const place = undoable.indexOf(deed)
  if (place >= 0) undoable.splice(place, 1)
}

/** Ctrl+Z undoes what was done last, wherever the keys go but into a field, which has an undo of its own. */
document.addEventListener('keydown', (event) => {
  const isTyping = event.target instanceof Element && event.target.closest('input, textarea, select, dialog')
  if (isTyping || event.altKey || event.shiftKey || !(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'z') return
  event.preventDefault()
  void undoInTurn(undoLast)
})

/** What is on its way is the last: the page may show what it did before the answer is here. */
async function undoLast(): Promise<void> {
  await sendInTurn(() => Promise.resolve())
  const last = undoable.at(-1)
  if (last) await undo(last)
  else notify(texts.edits.nothingToUndo)
}
