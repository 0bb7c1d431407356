import type { components } from '../api/schema'
import { downloads } from './enDownloads'
import { edits } from './enEdits'
import { offline } from './enOffline'
import { around, player } from './enPlayer'
import { search } from './enSearch'
import { photos, selection } from './enSelection'
import { sharing } from './enSharing'
import { shell } from './enShell'
import { uploads } from './enUploads'
import { days, views } from './enViews'
import { numberName, sizeName } from './formats'

/** English. */
export const en = {
  common: {
    tryAgain: 'Try again',
    dismiss: 'Dismiss',
    oneMoment: 'One moment…',
  },

  ...shell,

  offline,

  api: {
    unreachable: 'The server can’t be reached. Check your connection.',
    unexpected: 'Something went wrong. Reload the page, then try again.',
    failed: (status: number) => `The server answered with an error (${status}).`,
  },

  /** The same where the server tells what its limit is. */
  limits: {
    file_too_large: (bytes: number) => `The file is larger than the ${sizeName(bytes)} that the server takes.`,
    storage_full: (bytes: number) => `There is no room for this in your library: it may have ${sizeName(bytes)}.`,
    too_many_uploads: (count: number) => `${numberName(count)} uploads are unfinished. Finish some of them first.`,
  },

  /** By the code of the API's error. What it takes to see why is in the server's log. */
  problems: {
    invalid: 'The server can’t use what was sent.',
    malformed_body: 'The server can’t read what was sent.',
    unsupported_media_type: 'The server can’t read what was sent.',
    too_large: 'This is more than the server takes at once.',
    not_found: 'This isn’t here. It may have been removed.',
    method_not_allowed: 'The server doesn’t do this.',
    conflict: 'This isn’t possible at the moment.',
    gone: 'This isn’t here any more.',
    forbidden: 'You may not do this.',
    if_match_required: 'The server can’t use what was sent.',
    not_with_this_set: 'The models of this library can’t do that.',
    item_changed: 'This was changed somewhere else meanwhile.',
    too_many_requests: 'Too many attempts for now.',
    busy: 'The server is busy with this. Try again in a moment.',
    unavailable: 'A part of the server doesn’t answer. Try again in a moment.',
    database_unavailable: 'A part of the server doesn’t answer. Try again in a moment.',
    disk_full: 'The server has no room for this at the moment.',
    internal_error: 'Something went wrong on the server.',

    unauthenticated: 'Log in to go on.',
    wrong_credentials: 'The name or the password is wrong.',
    token_invalid: 'Your session has ended. Log in again.',
    token_expired: 'Your session has ended. Log in again.',
    session_ended: 'Your session has ended. Log in again.',
    refresh_token_invalid: 'Your session has ended. Log in again.',
    registration_closed: 'Nobody can register here. Ask the administrator.',
    setup_token_wrong: 'This isn’t the set-up token of this server.',
    not_administrator: 'Only administrators may do this.',

    file_too_large: 'The file is larger than the server takes.',
    storage_full: 'Your library is full.',
    too_many_uploads: 'Too many uploads are unfinished. Finish some of them first.',
    upload_aborted: 'The upload was cancelled.',
    upload_expired: 'The upload was not finished in time. Begin it again.',
    upload_not_waiting: 'The upload waits for nothing any more.',
    single_upload: 'The server wants the file as a whole. Begin the upload again.',
    multipart_upload: 'The server wants the file in parts. Begin the upload again.',
    wrong_parts: 'Parts of the file are missing on the server.',
    object_not_found: 'The storage doesn’t have this file.',
    object_exists: 'The storage has this file already.',

    file_rejected: 'The server can’t make a photo of this file.',
    empty_file: 'The file is empty.',
    unsupported_type: 'Files of this kind can’t be read.',
    corrupt: 'The file is damaged.',
    truncated: 'The file is incomplete.',
    too_many_pixels: 'The picture has more pixels than the server takes.',
    too_costly: 'The picture takes more work than the server does for one.',
    exceeds_disk: 'The file is larger than what the server can work on.',
    size_mismatch: 'Not the whole file has arrived. Upload it again.',
    checksum_mismatch: 'The file changed on its way. Upload it again.',
    processing_failed: 'The file couldn’t be processed. The administrator can see why.',

    bad_signature: 'This address isn’t valid any more. Reload the page.',

    no_such_item: 'There is no such photo.',
    no_such_queue: 'There is no such queue.',
    no_consumer: 'Nothing reads this queue, so it can’t be paused.',
    no_dead_letters: 'This queue has no dead letters.',
    move_under_way: 'Messages of this queue are being moved already.',

    bad_path: 'This address can’t be read.',
    bad_request: 'The server can’t read what was sent.',
    too_slow: 'The connection was too slow for the server.',
    unsupported_encoding: 'The server can’t read what was sent.',
    bad_range: 'The server doesn’t have this part of the file.',
    wrong_host: 'The server has another address than this.',
    foreign_origin: 'Pages of other sites may not do this.',
    not_built: 'The server has no web client.',
  } satisfies Record<components['schemas']['ErrorCode'], string>,

  signIn: {
    setUp: 'Set up your library',
    welcomeBack: 'Welcome back',
    ended: 'Your session has ended. Log in again to go on where you were.',
    first: 'You are the first one here, so this account looks after the server.',
    logInToSee: 'Log in to see your photos.',
    waitFor: (seconds: number) => `Try again in ${numberName(seconds)} ${seconds === 1 ? 'second' : 'seconds'}.`,
    name: 'Name',
    password: 'Password',
    passwordHint: (least: number) => `At least ${least} characters. A short sentence is easy to remember.`,
    noName: 'Enter a name.',
    noPassword: 'Enter a password.',
    noSetupToken: 'Enter the set-up token.',
    badName: 'This can’t be a name: nobody could see all of it.',
    longName: (most: number) => `A name has at most ${numberName(most)} characters.`,
    badPassword: (least: number, most: number) => `A password has ${least} to ${most} characters.`,
    show: 'Show',
    hide: 'Hide',
    setupToken: 'Set-up token',
    setupTokenHint: 'Whoever installed this server has it.',
    createAccount: 'Create account',
    logIn: 'Log in',
    foot: 'Your photos, on your own server.',
  },

  timeline: {
    title: 'Your photos',
    empty: 'Let some light in',
    allElsewhere: 'No photos here at the moment',
    whereTheyAre: (lists: readonly { name: 'archive' | 'trash'; count: number }[]) =>
      lists.map(({ name, count }) => `${photos(count)} ${count === 1 ? 'is' : 'are'} in the ${name}.`).join(' '),
    goTo: { archive: 'To the archive', trash: 'To the trash' },
    dropAnywhere: 'Drop photos or whole folders anywhere on this page.',
    chooseHere: 'Choose photos from this device.',
    yourStorage: 'They go straight to your own storage, full size.',
  },

  photos: {
    loading: 'Loading your photos',
    date: 'Date',
    photo: (moment: string) => `Photo, ${moment}`,
    live: (moment: string) => `Live photo, ${moment}`,
    /** `duration` is empty where it is unknown. */
    video: (moment: string, duration: string, isProcessed: boolean) =>
      ['Video', duration, isProcessed ? '' : 'not processed yet', moment].filter(Boolean).join(', '),
    favourite: (name: string) => `${name}, favourite`,
  },

  selection,
  search,
  edits,
  views,
  days,

  viewer: {
    photo: 'Photo',
    described: (name: string, caption: string) => `${name}: ${caption}`,
    back: 'Back to your photos',
    backTo: (name: string) => `Back to ${name}`,
    backHint: 'Back (Esc)',
    download: 'Download the original',
    details: 'Details',
    detailsHint: 'Details (i)',
    closeDetails: 'Close details',
    previous: 'Previous photo',
    next: 'Next photo',
    missing: 'This photo isn’t here',
    missingWhy: 'It may have been removed, or the link is wrong.',
    notLoaded: 'This photo couldn’t be loaded',
    pictureNotLoaded: 'This photo couldn’t be loaded.',
    fullSize: {
      making: 'Full size is being made…',
      failed: 'There is no larger picture of this photo: its full size couldn’t be made.',
    },
    onlySmall: 'This is a small copy: the photo couldn’t be loaded.',
  },

  player,
  around,

  details: {
    date: 'Date',
    timeUncertain: 'Time uncertain',
    zoneUnknown: 'Time zone unknown',
    /** Of dates that may be other than that of the capture, by where they come from. */
    timeFrom: {
      filename: 'As the file’s name says',
      video: 'From the video',
      exif_modified: 'When the photo was last edited: when it was taken isn’t known',
      file_modified: 'When the file was last changed: when it was taken isn’t known',
      uploaded: 'When it was uploaded: when it was taken isn’t known',
    },
    place: 'Place',
    camera: 'Camera',
    unknownCamera: 'Unknown camera',
    video: 'Video',
    file: 'File',
    keywords: 'Keywords',
    download: 'Download original',
    framesPerSecond: (rate: number) => `${numberName(rate, 2)} fps`,
    filmedAt: (rate: number) => `Filmed at ${numberName(rate, 2)} fps`,
    metres: (height: number) => `${numberName(height)} m`,
    megapixels: (pixels: number) => (pixels < 50_000 ? '' : `${numberName(pixels / 1e6, 1)} MP`),
  },

  found: {
    title: 'In this photo',
    waiting: 'Pinhole hasn’t looked at this photo yet.',
    failed: 'Pinhole couldn’t look at this photo.',
    moreWaits: 'Pinhole is still looking for more.',
    moreFailed: 'Pinhole couldn’t find out more.',
    nothing: 'Pinhole found nothing in this photo.',
    said: 'In words',
    facts: {
      subject: 'Subject',
      scene: 'Scene',
      people: 'People',
      mood: 'Mood',
      activity: 'Activity',
      event: 'Occasion',
      animal: 'Animal',
      vehicle: 'Vehicle',
      landmark: 'Landmark',
      food: 'Food',
      drink: 'Drink',
      document: 'Document',
    },
    indoors: 'indoors',
    landscape: 'landscape',
    cityscape: 'cityscape',
    pet: 'pet',
    otherDocument: 'of another kind',
    tags: 'What it shows',
    places: 'Faces and objects',
    face: 'face',
    faces: (count: number) => (count === 1 ? '1 face' : `${numberName(count)} faces`),
    objects: (name: string, count: number) => (count === 1 ? name : `${name} × ${numberName(count)}`),
    showOne: 'Show where it is',
    showAll: 'Show what was found',
    text: 'Text',
    textInPicture: 'Text in this photo',
    lines: (count: number) => (count === 1 ? 'A line of text' : `${numberName(count)} lines of text`),
    selectable: 'You can select it in the picture.',
    copy: 'Copy text',
    copied: 'The text is copied.',
    notCopied: 'Your browser didn’t let the text be copied. Select it in the picture.',
    colours: 'Colours',
    hues: {
      red: 'red',
      orange: 'orange',
      yellow: 'yellow',
      green: 'green',
      turquoise: 'turquoise',
      blue: 'blue',
      purple: 'purple',
      pink: 'pink',
      brown: 'brown',
      beige: 'beige',
      black: 'black',
      grey: 'grey',
      white: 'white',
    },
    dark: (hue: string) => `dark ${hue}`,
    light: (hue: string) => `light ${hue}`,
    quality: 'Quality',
    grades: { poor: 'Poor quality', fair: 'Fair quality', good: 'Good quality', veryGood: 'Very good quality' },
    flaws: {
      blurred: 'Blurred',
      noisy: 'Grainy',
      dark: 'Too dark',
      bright: 'Too bright',
      exposure: 'Too much light or shadow',
    },
  },

  downloads,
  sharing,

  uploads,
}
