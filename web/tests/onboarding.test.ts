import { afterEach, expect, test } from 'vitest'
import type { components } from '../src/api/schema'
import { isAsked, onboarding } from '../src/auth/onboarding'

type OnboardingState = components['schemas']['OnboardingState']

const administrator = { id: 1, name: 'mara', role: 'administrator' } as const
const member = { id: 2, name: 'tom', role: 'member' } as const
const told = (onboarded: boolean) => ({ registrationOpen: false, setupTokenRequired: false, onboarded }) as OnboardingState

afterEach(() => (onboarding.value = null))

test('an administrator is asked about a library of which nothing was said', () => {
  onboarding.value = told(false)
  expect(isAsked(administrator)).toBe(true)
})

test.each([
  ['a member', member, told(false)],
  ['an administrator of a library of which it was said', administrator, told(true)],
  ['who came by no form', administrator, null],
  ['nobody', null, told(false)],
])('%s is not asked', (_, user, state) => {
  onboarding.value = state
  expect(isAsked(user)).toBe(false)
})
