import { keepShared } from '../sharedFiles'
import type { Handler } from './handler'
import { loggedIn } from './session'

/**
 * Takes the files that another app shares, as the manifest tells the system to send them, and leads to the page that uploads
 * them. It needs no network, and nobody who is logged in: they wait.
 */
export const takeShared: Handler = ({ request }) => {
  if (request.method !== 'POST' || new URL(request.url).pathname !== '/share') return null
  return take(request)
}

async function take(request: Request): Promise<Response> {
  // A form of another site could send files here too. What the system sends has no origin, or an opaque one.
  const origin = request.headers.get('Origin')
  if (origin !== null && origin !== 'null' && origin !== location.origin) {
    return new Response('Other sites can’t share with Pinhole.', { status: 403 })
  }
  const files = (await request.formData()).getAll('files').filter((entry) => entry instanceof File)
  const user = await loggedIn()
  try {
    await keepShared(files, user ? Number(user) : null)
  } catch (error) {
    if (!(error instanceof DOMException && error.name === 'QuotaExceededError')) throw error
    return Response.redirect(`${location.origin}/share?full`, 303)
  }
  return Response.redirect(`${location.origin}/`, 303)
}
