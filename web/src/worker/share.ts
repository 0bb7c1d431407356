import { keepShared, TooMuchShared } from '../sharedFiles'
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
  // A form of another site could send files here too, also with an opaque origin, as the system has, or none.
  const origin = request.headers.get('Origin')
  if (origin !== null && origin !== 'null' && origin !== location.origin) {
    return new Response('Other sites can’t share with Pinhole.', { status: 403 })
  }
  const unsure = origin === location.origin ? null : crypto.randomUUID()
  try {
    const files = (await request.formData()).getAll('files').filter((entry) => entry instanceof File)
    const user = await loggedIn()
    await keepShared(files, user ? Number(user) : null, unsure)
  } catch (error) {
    // eslint-disable-next-line no-console -- whoever looks for the fault finds it there
    console.error(error)
    // By which error a full disk is told differs from browser to browser, and from one step of this to the next.
    return Response.redirect(`${location.origin}/share?${error instanceof TooMuchShared ? 'many' : 'full'}`, 303)
  }
  return Response.redirect(`${location.origin}/${unsure === null ? '' : `?shared=${unsure}`}`, 303)
}
