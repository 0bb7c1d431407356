import { texts } from '../texts/texts'

/** An address in words where it tells only that the server was asked by itself, as through a proxy beside it. */
export function addressName(address: string): string {
  return /^(127\.|::1?(\/\d+)?$|::ffff:127\.)/.test(address) ? texts.account.serversOwn : address
}
