import { forgetOthers } from '../offline/kept'
import { storage } from '../storage'
import { refresh } from './refresh'
import { SessionKeeper } from './sessionKeeper'

export const keeper = new SessionKeeper(storage, navigator.locks, new BroadcastChannel('pinhole.session'), refresh, forgetOthers)
