import { Problem } from '../api/problem'
import type { components } from '../api/schema'
import type { Storage } from '../storage'
import { texts } from '../texts/texts'

export type Session = components['schemas']['SessionTokens']

const LOCK = 'pinhole.session'

type Locks = { request<T>(name: string, work: () => Promise<T>): Promise<T> }

/**
 * Holds the session that all tabs share.
 *
 * A refresh token works once, and one used again later ends every session of the user. So a refresh happens under a lock
 * that spans tabs, and reads the stored session again inside it: a tab that waited finds the new token already there.
 * A login and a logout take the lock too, so that no refresh that is on its way puts an old session back.
 */
export class SessionKeeper {
  #session: Session | null = null
  /** Of whom this page is: whoever comes after them in another tab has it loaded anew, and nothing is asked for in their name until then. */
  #user: number | null = null
  #listeners: ((session: Session | null) => void)[] = []

  constructor(
    private readonly storage: () => Promise<Storage>,
    private readonly locks: Locks,
    private readonly channel: BroadcastChannel,
    private readonly refresh: (refreshToken: string) => Promise<Session>,
    /** Throws away what this browser keeps of everybody but one user, or of all. */
    private readonly forgetOthers: (userId: string | null) => Promise<void>,
  ) {
    channel.onmessage = () => void this.load()
  }

  get session(): Session | null {
    return this.#session
  }

  onChange(listener: (session: Session | null) => void): void {
    this.#listeners.push(listener)
  }

  /** Take over what is stored; to be awaited once before anything else is asked. */
  async load(): Promise<void> {
    this.#hold((await (await this.storage()).get('session', 'current')) ?? null)
  }

  begin(session: Session): Promise<void> {
    return this.locks.request(LOCK, async () => {
      await (await this.storage()).put('session', session, 'current')
      await this.#tell(session)
    })
  }

  /** Whose session it is goes by another name, or may do other things; a renewed one says so by itself. */
  know(user: Session['user']): Promise<void> {
    return this.locks.request(LOCK, async () => {
      await this.load()
      if (this.#session?.user.id !== user.id) return
      const session = { ...this.#session, user }
      await (await this.storage()).put('session', session, 'current')
      this.#announce(session)
    })
  }

  /** End the session of whoever this page is of, unless somebody else's has begun since. */
  end(): Promise<void> {
    return this.locks.request(LOCK, async () => {
      const stored = await (await this.storage()).get('session', 'current')
      if (!stored || stored.user.id === this.#user) await this.#drop()
    })
  }

  /** End the session whose access token the server has refused, unless another has begun since. */
  refuse(accessToken: string): Promise<void> {
    return this.locks.request(LOCK, async () => {
      await this.load()
      if (this.#session?.accessToken === accessToken) await this.#drop()
    })
  }

  accessToken(): string {
    if (this.#session === null || this.#session.user.id !== this.#user) throw ended()
    return this.#session.accessToken
  }

  /** A token to use instead of `rejected`. Ends the session when the server no longer knows it. */
  renew(rejected: string): Promise<string> {
    return this.locks.request(LOCK, async () => {
      await this.load()
      if (this.#session?.accessToken !== rejected) return this.accessToken()
      try {
        const session = await this.refresh(this.#session.refreshToken)
        await (await this.storage()).put('session', session, 'current')
        this.#announce(session)
      } catch (error) {
        if (error instanceof Problem && error.status === 401) await this.#drop()
        throw error
      }
      return this.accessToken()
    })
  }

  async #drop(): Promise<void> {
    await (await this.storage()).delete('session', 'current')
    await this.#tell(null)
  }

  /** Another user is logged in, or none: pages hear of it once nothing is left of who was before. */
  async #tell(session: Session | null): Promise<void> {
    try {
      await this.forgetOthers(session && String(session.user.id))
    } catch (error) {
      // The session is as it is all the same, and the next visit throws it away.
      // eslint-disable-next-line no-console -- whoever looks for the fault finds it there
      console.error(error)
    }
    this.#announce(session)
  }

  #announce(session: Session | null): void {
    this.channel.postMessage('changed')
    this.#hold(session)
  }

  #hold(session: Session | null): void {
    this.#session = session
    this.#user ??= session?.user.id ?? null
    for (const listener of this.#listeners) listener(session)
  }
}

function ended(): Problem {
  return new Problem(401, 'session_ended', texts.problems.session_ended)
}
