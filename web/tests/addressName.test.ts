import { expect, test } from 'vitest'
import { addressName } from '../src/account/addressName'

test.each(['127.0.0.1', '127.8.0.1', '::/64', '::1', '::ffff:127.0.0.1'])('an address of the server itself is told in words: %s', (address) => {
  expect(addressName(address)).toBe('From the server itself')
})

test.each(['192.168.1.27', '12.7.0.1', '2001:db8:1:2::/64', '::1234/64'])('any other is told as it is: %s', (address) => {
  expect(addressName(address)).toBe(address)
})
