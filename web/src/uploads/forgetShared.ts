import { dropShared } from '../sharedFiles'
import { storage } from '../storage'

/** Forgets what other apps have shared for this user, and that it was to be uploaded. */
export async function forgetShared(userId: number): Promise<void> {
  const db = await storage()
  const ids = await dropShared(userId)
  await Promise.all(ids.map((id) => db.delete('uploads', id)))
}
