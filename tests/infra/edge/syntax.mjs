// The kinds of syntax that a script on stdin is made of, one a line, by the names of ESTree.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const { parse } = createRequire(new URL('../../../web/package.json', import.meta.url))('acorn')
const found = new Set()

function walk(node) {
  if (Array.isArray(node)) return node.forEach(walk)
  if (node === null || typeof node !== 'object') return
  if (typeof node.type === 'string') {
    found.add(node.type)
    for (const more of ['shorthand', 'computed', 'method', 'generator']) {
      if (node[more] === true && node.type !== 'MemberExpression') found.add(`${node.type} ${more}`)
    }
    if (node.regex !== undefined) found.add(`RegExp /${node.regex.flags}`)
  }
  Object.values(node).forEach(walk)
}

walk(parse(readFileSync(0, 'utf8'), { ecmaVersion: 2022, sourceType: 'module' }))
process.stdout.write([...found].sort().join('\n'))
