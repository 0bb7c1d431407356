import { spanName } from '../texts/formats'
import { texts } from '../texts/texts'

/** What a schedule does, in words; one that has none is called as the server calls it. */
export function scheduleName(name: string): string {
  const known: Record<string, string> = texts.administration.schedules.names
  return known[name] ?? name
}

/** How often it runs: of a rate in words, else as EventBridge has it. */
export function everyName({ every, everySeconds }: { every: string; everySeconds: number | null }): string {
  return everySeconds === null ? every : texts.administration.schedules.every(spanName(everySeconds))
}
