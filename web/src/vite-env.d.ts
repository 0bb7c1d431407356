/// <reference types="vite/client" />

/** What `early.ts` asked before the bundle was here. */
type EarlyAnswer = { url: string; authorization: string | null; answer: Promise<Response> }

interface Window {
  earlyAnswers?: EarlyAnswer[]
}
