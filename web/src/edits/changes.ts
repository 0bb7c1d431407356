import { answer, api } from '../api/client'
import { messageOf, Problem } from '../api/problem'
import type { components } from '../api/schema'
import { libraryMayHaveMoved } from '../live/live'
import { forgetDetails } from '../photos/itemDetails'
import type { Target } from '../selection/selection'
import { texts } from '../texts/texts'
import { dismiss, notify, tell } from '../ui/notices'
import { askedOnce, untilAnswered } from './sending'

export type Change = components['schemas']['Change']
type OfMany = components['schemas']['ItemsEdit']
/** What is to be written of items, and what is to be again as their files say. */
export type Edit = { set?: OfMany['set']; reset?: OfMany['reset'] }

/** What a change is called once it is done: `12 photos archived`. */
export type Done = (count: number) => string

const ASK_AGAIN_MS = 1000

/** The latest changes that can be undone by a key; of one deed there may be several. */
const undoable: Change[][] = []
/** What was asked for, and not answered yet. */
const asking = new Set<Promise<void>>()

/** Write the same of many items; resolves once that has begun, as what takes long goes on by itself. Throws `Problem`. */
export function editMany(targets: Target[], edit: Edit, done: Done): Promise<void> {
  return noted(sendMany(targets, edit, done))
}

/** Write of one item, if it is of that revision still. Throws `Problem`, of status 412 where it was changed elsewhere. */
export function editOne(item_id: string, revision: number, edit: Edit, done: Done): Promise<void> {
  return noted(sendOne(item_id, revision, edit, done))
}

function noted(answered: Promise<void>): Promise<void> {
  asking.add(answered)
  const forget = () => asking.delete(answered)
  answered.then(forget, forget)
  return answered
}

async function sendMany(targets: Target[], edit: Edit, done: Done): Promise<void> {
  const changes: Change[] = []
  try {
    for (const target of targets) {
      const asked = { ...target, ...edit }
      changes.push(await askedOnce(asked, (changeId) => answer(api.PATCH('/items', { body: { ...asked, changeId } }))))
    }
  } finally {
    // What came before a failure is done, and can be undone.
    if (changes.length > 0) void followed(changes, done)
  }
}

async function sendOne(item_id: string, revision: number, edit: Edit, done: Done): Promise<void> {
  const params = { path: { item_id }, header: { 'If-Match': `"${revision}"` } }
  const change = await askedOnce([params, edit], (changeId) =>
    answer(api.PATCH('/items/{item_id}', { params, body: { ...edit, changeId } })),
  )
  void followed([change], done)
}

/** Tell of changes, with a way back: at once where they are done, of those that take long how far they are until then. */
async function followed(changes: Change[], done: Done): Promise<void> {
  const isDone = changes.every(({ state }) => state === 'done')
  // At once: what leads on from here may be a key that undoes it.
  if (isDone) undoable.push(changes)
  try {
    const ended = await ends(changes)
    if (!isDone) undoable.push(ended)
    const count = ended.reduce((sum, change) => sum + change.done, 0)
    notify(done(count), { label: texts.edits.undo, run: () => void undo(ended) })
  } catch (error) {
    notify(texts.edits.notFollowed(messageOf(error)))
  }
}

/** Resolves with the changes once all have ended. Throws `Problem` where that can't be learnt, or one has failed. */
async function ends(changes: Change[]): Promise<Change[]> {
  let notice: number | undefined
  try {
    for (let now = changes; ; now = await Promise.all(now.map(asked))) {
      const failed = now.find(({ state }) => state === 'failed')
      if (failed) throw new Problem(500, 'internal_error', texts.edits.failed)
      if (now.every(({ state }) => state === 'done')) return now
      const sum = (of: (change: Change) => number) => now.reduce((total, change) => total + of(change), 0)
      notice = tell(texts.edits.progress(sum((change) => change.done + change.skipped), sum((change) => change.total)), undefined, notice)
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS))
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

async function undo(changes: Change[]): Promise<void> {
  const place = undoable.indexOf(changes)
  if (place >= 0) undoable.splice(place, 1)
  try {
    const undone: Change[] = []
    for (const { id } of changes.toReversed()) {
      const params = { path: { change_id: id } }
      undone.push(await untilAnswered(() => answer(api.POST('/changes/{change_id}/undo', { params }))))
    }
    const skipped = (await ends(undone)).reduce((sum, change) => sum + change.skipped, 0)
    notify(skipped > 0 ? texts.edits.undoneInPart(skipped) : texts.edits.undone)
  } catch (error) {
    if (error instanceof Problem && error.passing) undoable.push(changes)
    notify(texts.edits.notUndone(messageOf(error)))
  }
}

/** Ctrl+Z undoes what was done last, wherever the keys go but into a field, which has an undo of its own. */
document.addEventListener('keydown', (event) => {
  const isTyping = event.target instanceof Element && event.target.closest('input, textarea, select, dialog')
  if (isTyping || event.altKey || event.shiftKey || !(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'z') return
  event.preventDefault()
  void undoLast()
})

/** What is on its way is the last: the page may show what it did before the answer is here. */
async function undoLast(): Promise<void> {
  await Promise.allSettled(asking)
  const last = undoable.at(-1)
  if (last) await undo(last)
  else notify(texts.edits.nothingToUndo)
}
