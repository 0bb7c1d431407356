import { reactive } from 'vue'
import { en } from './en'
import { language } from './language'

/** Every text that a person reads. What `en.ts` has, each other catalogue must have. */
export type Texts = typeof en

/** By language. A further one is a file like `en.ts`, and a line here that imports it when it is wished for. */
const catalogues: Record<string, () => Promise<Texts>> = { en: async () => en }

/** The texts in the language that is spoken at present. */
export const texts: Texts = reactive(en)

/** Speak the first of the wished-for languages that there are texts in; English if there is none. */
export async function speak(wishes: readonly string[]): Promise<void> {
  const known = wishes.find((wish) => baseOf(wish) in catalogues)
  if (known === undefined) return
  Object.assign(texts, await catalogues[baseOf(known)]!())
  language.value = known
}

function baseOf(tag: string): string {
  return tag.split('-')[0]!.toLowerCase()
}
