import { describe, expect, test } from 'vitest'
import { parseQuery } from 'vue-router'
import { askedParts, looser } from '../src/search/askedParts'
import { addressOf, isNothing, NOTHING, wantedOf, withCondition, withoutWords, type Condition } from '../src/search/wanted'

const at = (query: string) => wantedOf(parseQuery(query))
const italy: Condition = { filter: 'country', value: 'Italy', isNot: false }

describe('what an address asks for', () => {
  test('is written as the same address again', () => {
    const query = 'q=dog&not=people&similarTo=abcdefghijkl&from=2024-01-01&country=Italy&country=Norway&notCountry=Spain&sort=date'
    expect(addressOf(at(query))).toBe(`/search?${query}`)
  })

  test('holds of an address by hand what can be asked for, each once', () => {
    expect(at('q=&country=Italy&country=Italy&notCountry&sort=upwards&page=3')).toEqual({ ...NOTHING, conditions: [italy] })
  })

  test('is kept with a photo of it', () => {
    expect(addressOf({ ...NOTHING, q: 'a&b' }, 'abcdefghijkl')).toBe('/search/photo/abcdefghijkl?q=a%26b')
  })

  test('is nothing where only an order is told', () => {
    expect([at(''), at('sort=date'), at('country=Italy')].map(isNothing)).toEqual([true, true, false])
  })
})

describe('a condition more', () => {
  test('of a value takes the place of its contrary', () => {
    const next = withCondition(at('notCountry=Italy&country=Norway'), italy)
    expect(next.conditions).toEqual([{ ...italy, value: 'Norway' }, italy])
  })

  test('of a first day takes the place of another', () => {
    const next = withCondition(at('from=2024-01-01'), { filter: 'from', value: '2025-01-01', isNot: false })
    expect(addressOf(next)).toBe('/search?from=2025-01-01')
  })
})

test.each([
  ['dog july 2024 beach', 4, 13, 'dog beach'],
  ['july 2024', 0, 9, ''],
  // The server counts characters, of which the browser sees some as two.
  ['🐕🐕 july 2024', 3, 12, '🐕🐕'],
])('of “%s” the words from %i to %i are taken out whole', (q, begin, end, rest) => {
  expect(withoutWords(q, begin, end)).toBe(rest)
})

describe('the parts of what is asked for', () => {
  const understood = [{ begin: 4, end: 13, filter: 'on', values: ['2024-07-01..2024-07-31'] }]

  test('are told in words, and lead to the same without each', () => {
    const parts = askedParts(at('q=dog+july+2024&notCountry=Italy&not=people'), understood)
    expect(parts.map(({ text, rest }) => [text, addressOf(rest)])).toEqual([
      ['July 2024', '/search?q=dog&not=people&notCountry=Italy'],
      ['Not: Italy', '/search?q=dog+july+2024&not=people'],
      ['Without “people”', '/search?q=dog+july+2024&notCountry=Italy'],
    ])
  })

  test('tell a value as it stands where it is none that they know', () => {
    expect(askedParts(at('from=soon&on=ever..never&kind=drawing'), []).map(({ text }) => text)).toEqual(['From soon', 'ever..never', 'drawing'])
  })

  test('are ways to find more, and so are the words beside them and without their quotes', () => {
    const ways = looser(at('q="red+dog"&country=Italy'), [])
    expect(ways.map(({ rest }) => addressOf(rest))).toEqual([
      '/search?q=%22red+dog%22',
      '/search?q=red+dog&country=Italy',
      '/search?country=Italy',
    ])
  })

  test('are no ways to find more where there are but words', () => {
    expect(looser(at('q=dog'), [])).toEqual([])
  })
})
