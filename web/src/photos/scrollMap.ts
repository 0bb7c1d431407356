/**
 * No element is made taller than this, in CSS pixels. Firefox takes 17,895,697 device pixels, Chromium 33,554,428: at a
 * device pixel ratio of 2 that is 8.9 million here.
 */
export const TALLEST = 8_000_000

/** Who moves by more than so many windows at once has taken hold of the scrollbar, or jumped. */
const JUMP_WINDOWS = 2

/**
 * Maps how far an element is scrolled to a place in content that may be taller than any element can be.
 *
 * By wheel, finger and key the content moves by as many pixels as the element does, wherever in it that is. A jump, and
 * a drag of the scrollbar, lead to the same share of the content as of the element. Between the two lies `shift`: what
 * is at `y` in the content lies at `y - shift` in the element. Once a scroll is over the element is put where its share
 * is, so that there is always as much to scroll as there is content.
 */
export class ScrollMap {
  shift = 0
  #at = 0
  #content = 0
  #window = 0

  constructor(private readonly tallest = TALLEST) {}

  /** content: its height; window: how much of it is seen at once. */
  resize(content: number, window: number): void {
    this.#content = content
    this.#window = window
  }

  /** What the height of the element has to be. */
  heightFor(content: number): number {
    return Math.min(content, this.tallest)
  }

  get isMapped(): boolean {
    return this.#content > this.tallest
  }

  /** The place in the content, once the element was scrolled to `at`. */
  scrolled(at: number): number {
    if (!this.isMapped) return this.#hold(at, at)
    const isJump = Math.abs(at - this.#at) > JUMP_WINDOWS * this.#window
    return this.#hold(at, isJump ? this.#contentAt(at) : this.#within(at + this.shift, at))
  }

  /**
   * How far to scroll the element, so that the place `y` of the content is at the top of the window: to go there, or,
   * once a scroll is over, to be where its share is.
   */
  scrollTo(y: number): number {
    const at = this.isMapped ? this.#elementAt(y) : y
    this.#hold(at, y)
    return at
  }

  #hold(at: number, y: number): number {
    this.#at = at
    this.shift = y - at
    return y
  }

  /** Nobody gets past an end of the content, but where it is one of the element too: there is more of the page there. */
  #within(y: number, at: number): number {
    const { element, content } = this.#ends
    if (y < 0) return Math.min(0, at)
    return y > content ? content + Math.max(0, at - element) : y
  }

  #contentAt(at: number): number {
    const { element, content } = this.#ends
    if (at <= 0) return at
    return at >= element ? at - element + content : (at / element) * content
  }

  #elementAt(y: number): number {
    const { element, content } = this.#ends
    if (y <= 0) return y
    return y >= content ? y - content + element : (y / content) * element
  }

  /** The last place of each that the window can begin at. */
  get #ends(): { element: number; content: number } {
    const last = (height: number) => Math.max(1, height - this.#window)
    return { element: last(this.heightFor(this.#content)), content: last(this.#content) }
  }
}
