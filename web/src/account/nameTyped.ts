/** Whether somebody typed a name, as far as it is told from others: accents may be composed or not. */
export function isName(typed: string, name: string): boolean {
  return typed.trim().normalize() === name.normalize()
}
