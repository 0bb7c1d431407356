import type { PublicKeyCredentialCreationOptionsJSON, PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/browser'
import { Told } from '../api/problem'
import { texts } from '../texts/texts'

/** What server and browser say to each other of passkeys, as `PublicKeyCredential` writes it: the page reads none of it. */
type Passed = Record<string, unknown>

let leave: (() => void) | undefined

/** Who uses no passkey waits for none of it. */
async function webAuthn() {
  const { startAuthentication, startRegistration, WebAuthnAbortService } = await import('@simplewebauthn/browser')
  leave = () => WebAuthnAbortService.cancelCeremony()
  return { startAuthentication, startRegistration }
}

/** Browsers have them by https alone, and on the machine itself. */
export function canUsePasskeys(): boolean {
  return 'PublicKeyCredential' in window
}

/** Has the browser make a passkey by what the server says. Throws `Told` where it doesn't, as when its owner cancels. */
export async function makePasskey(options: Passed): Promise<Passed> {
  const { startRegistration } = await webAuthn()
  const optionsJSON = options as unknown as PublicKeyCredentialCreationOptionsJSON
  return { ...(await startRegistration({ optionsJSON }).catch(tell)) }
}

/** Has the browser ask for a passkey that the server takes. Throws `Told` where none is shown. */
export async function showPasskey(options: Passed): Promise<Passed> {
  const { startAuthentication } = await webAuthn()
  const optionsJSON = options as unknown as PublicKeyCredentialRequestOptionsJSON
  return { ...(await startAuthentication({ optionsJSON }).catch(tell)) }
}

/** Has the browser ask no more: nobody waits for it. */
export function leavePasskey(): void {
  leave?.()
}

/** By the names that browsers give: https://www.w3.org/TR/webauthn-3/#sctn-op-make-cred. Any other they can’t do at all. */
function tell(error: Error): never {
  const words = texts.factors.passkeys
  // The same for one that was cancelled and for one that took too long, so that sites learn nothing of who has passkeys.
  if (error.name === 'NotAllowedError' || error.name === 'AbortError') throw new Told(words.cancelled, { cause: error })
  if (error.name === 'InvalidStateError') throw new Told(words.known, { cause: error })
  // eslint-disable-next-line no-console -- whoever looks for the fault finds it there
  console.error(error)
  throw new Told(words.failed, { cause: error })
}
