import type { ErrorCode } from '../api/problem'
import { sentenceOf } from '../api/problem'

/** Why something failed, as its owner is told; a code that the page doesn't know as it is. */
export function reasonOf(code: string): string {
  return sentenceOf(code as ErrorCode, null, code)
}
