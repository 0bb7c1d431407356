import { expect, test } from 'vitest'
import manifest from '../public/manifest.webmanifest?raw'
import { ACCEPT } from '../src/uploads/droppedFiles'

test('phones share to Pinhole what may be chosen in it too', () => {
  const { share_target } = JSON.parse(manifest) as {
    share_target: { action: string; method: string; enctype: string; params: { files: { name: string; accept: string[] }[] } }
  }
  const [files] = share_target.params.files
  expect(files).toEqual({ name: 'files', accept: ACCEPT.split(',') })
  expect([share_target.action, share_target.method, share_target.enctype]).toEqual(['/share', 'POST', 'multipart/form-data'])
})
