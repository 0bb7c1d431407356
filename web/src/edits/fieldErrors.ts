import { reactive, watch } from 'vue'
import type { FieldError } from '../api/problem'

export type Wrong<F extends string> = Partial<Record<F, string>>

/**
 * What is wrong with the fields of a dialog, by their names on the wire. Each goes once one of its `values` changes. `refused`:
 * what to say where the server doesn't take one.
 */
export function fieldErrors<F extends string>(values: Record<F, () => unknown>, refused: Record<F, string>) {
  const names = Object.keys(values) as F[]
  const errors: Record<string, string> = reactive(Object.fromEntries(names.map((name) => [name, ''])))
  for (const name of names) watch(values[name], () => (errors[name] = ''), { flush: 'sync' })

  /** Says what is wrong, in place of what was before. Whether nothing is. */
  function say(wrong: Wrong<F>): boolean {
    for (const name of names) errors[name] = wrong[name] ?? ''
    return Object.keys(wrong).length === 0
  }

  /** Says what the server doesn't take at its fields, whatever lies in them. Whether all of it has one here. */
  function refuse(wrong: readonly FieldError[]): boolean {
    const at = wrong.map(({ field }) => names.find((name) => field.split('.').includes(name)))
    say(Object.fromEntries(at.flatMap((name) => (name ? [[name, refused[name]]] : []))) as Wrong<F>)
    return wrong.length > 0 && !at.includes(undefined)
  }

  return { errors: errors as Record<F, string>, say, refuse }
}
