import { expect, vi } from 'vitest'
import type { FileSource } from '../src/uploads/droppedFiles'
import { Follower } from '../src/uploads/follower'
import { sha256Of } from '../src/uploads/hashing'
import { Slots } from '../src/uploads/slots'
import type { Upload } from '../src/uploads/upload'
import { UploadQueue } from '../src/uploads/uploadQueue'
import { ServerInMemory } from './uploadServerFake'

/** A queue that uploads to a server in memory, and what it did: the pauses it made, the hashes it noted, and what it forgot. */
export function setUp() {
  const server = new ServerInMemory()
  const pauses: number[] = []
  const journal = new Map<string, string | null>()
  const forgotten: string[] = []
  const follower = new Follower(server, (upload) => queue.settle(upload))
  const queue: UploadQueue = new UploadQueue(
    {
      server,
      put: server.put,
      hash: sha256Of,
      pause: (milliseconds) => {
        pauses.push(milliseconds)
        return new Promise((resolve) => setTimeout(resolve))
      },
      slots: new Slots(3),
    },
    {
      note: async (key, _source, sha256) => void journal.set(key, sha256),
      unnote: async (key) => void journal.delete(key),
      forget: async (key) => {
        journal.delete(key)
        forgotten.push(key)
        await new Promise((resolve) => setTimeout(resolve)) // as long as a browser takes at least
      },
    },
    follower,
    () => {},
  )
  const add = (name: string, content?: string): Upload => queue.add(source(name, content))
  return { server, pauses, journal, forgotten, queue, add }
}

export function source(name: string, content = name): FileSource {
  return { file: new File([content], name, { lastModified: 1e12 }), handle: null, folder: null, path: null }
}

export async function reaches(upload: Upload, state: Upload['state']): Promise<void> {
  await vi.waitFor(() => expect(upload.state).toBe(state), { timeout: 4000, interval: 5 })
}
