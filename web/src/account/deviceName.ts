import { texts } from '../texts/texts'

/** By what only it says of itself, the most particular first: most call themselves Chrome and Safari too. */
const BROWSERS: [RegExp, string][] = [
  [/\bEdg(e|A|iOS)?\//, 'Edge'],
  [/\b(OPR|OPT|Opera)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\bVivaldi\//, 'Vivaldi'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(Chromium|Chrome|CriOS|HeadlessChrome)\//, 'Chrome'],
  [/\bVersion\/\S+ .*Safari\//, 'Safari'],
]

/** Many an iPad calls itself a Mac, and is told as one. */
const SYSTEMS: [RegExp, string][] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'Mac'],
  [/\bLinux\b|\bX11\b/, 'Linux'],
]

/** What a device is, in words, from what it calls itself; a program other than a browser by its own name. */
export function deviceName(userAgent: string | null): string {
  const said = userAgent?.trim() ?? ''
  const find = (known: [RegExp, string][]) => known.find(([pattern]) => pattern.test(said))?.[1]
  const [browser, system] = [find(BROWSERS), find(SYSTEMS)]
  if (browser && system) return texts.account.onSystem(browser, system)
  const program = /^(?!Mozilla\/)([A-Za-z][\w.+-]*)/.exec(said)?.[1]
  return browser ?? program ?? system ?? texts.account.unknownDevice
}
