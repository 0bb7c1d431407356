import { shallowRef } from 'vue'
import type { components } from '../api/schema'
import type { Session } from './sessionKeeper'

/** What the form to log in was last told about the library; null until then. */
export const onboarding = shallowRef<components['schemas']['OnboardingState'] | null>(null)

/** Whether somebody who has just logged in is asked about the library, before all else. */
export function isAsked(user: Session['user'] | null): boolean {
  return user?.role === 'administrator' && onboarding.value?.onboarded === false
}
