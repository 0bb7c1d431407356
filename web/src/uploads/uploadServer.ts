import { answer, api } from '../api/client'
import type { components } from '../api/schema'

type Schemas = components['schemas']
export type Begun = Schemas['SingleUpload'] | Schemas['MultipartUpload'] | Schemas['DuplicateUpload']
export type UploadStatus = Schemas['UploadStatus']
/** `received`: its bytes have arrived, and it waits to be looked at. */
export type OpenUpload = Pick<Schemas['OpenUpload'], 'id' | 'state' | 'filename' | 'sizeBytes' | 'sha256'>
export type Outcome = Schemas['UploadOutcome']
export type SignedPut = { url: string; headers: Record<string, string> }

const path = (upload_id: string) => ({ params: { path: { upload_id } } })

/** The calls that uploading takes. All throw `Problem`. */
export const uploadServer = {
  async existing(sha256s: string[]): Promise<Record<string, string>> {
    return (await answer(api.POST('/uploads/check', { body: { sha256s } }))).existing
  },

  /** `relativePath`: where the browser found the file in the folder that was chosen or dropped; else null. */
  begin(file: File, relativePath: string | null, sha256: string): Promise<Begun> {
    const body = {
      filename: file.name,
      relativePath,
      sizeBytes: file.size,
      sha256,
      contentType: file.type || 'application/octet-stream',
      modifiedAt: new Date(file.lastModified).toISOString(),
    }
    return answer<Begun>(api.POST('/uploads', { body }))
  },

  signAgain(id: string): Promise<SignedPut> {
    return answer(api.POST('/uploads/{upload_id}/url', path(id)))
  },

  async signPart(id: string, partNumber: number, sha256: string): Promise<SignedPut> {
    const body = { parts: [{ partNumber, sha256 }] }
    return (await answer(api.POST('/uploads/{upload_id}/parts', { ...path(id), body }))).parts[0]!
  },

  /** Has the server look which of them have arrived. At most 500; tells what became of each that is the caller's. */
  async completeMany(ids: string[]): Promise<Outcome[]> {
    return (await answer(api.POST('/uploads/complete', { body: { ids } }))).uploads
  },

  async complete(id: string): Promise<void> {
    await answer(api.POST('/uploads/{upload_id}/complete', path(id)))
  },

  status(id: string): Promise<UploadStatus> {
    return answer(api.GET('/uploads/{upload_id}', path(id)))
  },

  async open(): Promise<OpenUpload[]> {
    return (await answer(api.GET('/uploads'))).uploads
  },

  async abort(id: string): Promise<void> {
    await answer(api.DELETE('/uploads/{upload_id}', path(id)))
  },
}

export type UploadServer = typeof uploadServer
