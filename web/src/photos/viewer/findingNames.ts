import type { components } from '../../api/schema'
import { numberName } from '../../texts/formats'
import { texts } from '../../texts/texts'

type Caption = components['schemas']['Caption']
type Colours = components['schemas']['Colours']
type Quality = components['schemas']['Quality']
type Hue = keyof typeof texts.found.hues

/** Up to which angle of the colour circle a name goes. */
const HUES: [number, Hue][] = [
  [15, 'red'],
  [42, 'orange'],
  [68, 'yellow'],
  [165, 'green'],
  [195, 'turquoise'],
  [255, 'blue'],
  [290, 'purple'],
  [345, 'pink'],
  [360, 'red'],
]
const GREY_CHROMA = 0.1

/** `dark blue`, for `#0a1a5e`. */
export function colourName(colour: string): string {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255) as [number, number, number]
  const most = Math.max(red, green, blue)
  const chroma = most - Math.min(red, green, blue)
  const lightness = most - chroma / 2
  if (lightness < 0.1) return texts.found.hues.black
  if (chroma < GREY_CHROMA) return lightness > 0.92 ? texts.found.hues.white : shaded('grey', lightness)
  const degrees = hueOf(red, green, blue, chroma)
  const hue = HUES.find(([end]) => degrees <= end)![1]
  if (hue === 'orange' && lightness < 0.45) return shaded('brown', lightness)
  if ((hue === 'orange' || hue === 'yellow') && lightness > 0.6 && chroma < 0.35) return texts.found.hues.beige
  if (hue === 'red' && lightness > 0.7) return texts.found.hues.pink
  return shaded(hue, lightness)
}

function shaded(hue: Hue, lightness: number): string {
  const name = texts.found.hues[hue]
  if (lightness < 0.3) return texts.found.dark(name)
  return lightness > 0.72 ? texts.found.light(name) : name
}

/** In degrees; HSL as CSS has it. */
function hueOf(red: number, green: number, blue: number, chroma: number): number {
  const most = Math.max(red, green, blue)
  if (most === red) return (((green - blue) / chroma) * 60 + 360) % 360
  return most === green ? ((blue - red) / chroma) * 60 + 120 : ((red - green) / chroma) * 60 + 240
}

/** The dominant colours by their names, each once: the largest of its name. */
export function colourNames({ dominant }: Colours): { name: string; colour: string }[] {
  const named = new Map<string, string>()
  for (const { colour } of dominant) {
    const name = colourName(colour)
    if (!named.has(name)) named.set(name, colour)
  }
  return [...named].map(([name, colour]) => ({ name, colour }))
}

/** How good it is, and what there is to say against it. */
export function qualityNames({ overall, sharpness, noise, exposure }: Quality, lightness: number | null): [string, string] {
  const { grades, flaws } = texts.found
  const grade = [grades.poor, grades.fair, grades.good, grades.veryGood][Math.min(3, Math.floor(overall / 25))]!
  const against = [sharpness < 0.3 && flaws.blurred, noise > 0.6 && flaws.noisy]
  if (exposure < 0.4) {
    if (lightness !== null && lightness < 0.35) against.push(flaws.dark)
    else if (lightness !== null && lightness > 0.65) against.push(flaws.bright)
    else against.push(flaws.exposure)
  }
  return [grade, against.filter(Boolean).join(' · ')]
}

/** What a description says beside its sentence: only what is there. */
export function factsOf(said: Caption): { name: string; value: string }[] {
  const { facts, indoors, landscape, cityscape, pet, otherDocument } = texts.found
  const scene = [said.setting, said.indoor && indoors, said.landscape && landscape, said.cityscape && cityscape]
  const all = [
    [facts.subject, said.mainSubject],
    [facts.scene, scene.filter(Boolean).join(' · ')],
    [facts.people, said.peopleCount && numberName(said.peopleCount)],
    [facts.mood, said.mood],
    [facts.activity, said.activity],
    [facts.event, said.event],
    [facts.animal, [said.animalType, said.pets && pet].filter(Boolean).join(' · ')],
    [facts.vehicle, said.vehicle],
    [facts.landmark, said.landmark],
    [facts.food, said.food],
    [facts.drink, said.drink],
    [facts.document, said.documentType === 'other' ? otherDocument : said.documentType],
  ] as const
  return all.flatMap(([name, value]) => (value ? [{ name, value }] : []))
}
