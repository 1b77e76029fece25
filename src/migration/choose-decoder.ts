import { AppError } from '../base/errors.ts'
import { decodersOf, looksEncrypted, type Decoder, type Format } from './decoders.ts'

export type DecoderChoice = Decoder & {
  /** What it was tried on, and how many of them it decodes. */
  samples: number
  decoded: number
}

/**
 * Tries every reading of a format on samples and takes the one that decodes most.
 * @throws AppError `legacy_invalid` when none decodes half of them, or the format says that nothing is encrypted and most
 * looks as if it were
 */
export const chooseDecoder = (
  format: Format,
  passphrase: string,
  samples: readonly string[],
): DecoderChoice => {
  if (format === 'none') refuseEncrypted(samples)
  const tried = decodersOf(format, passphrase)
    .map((decoder) => ({
      ...decoder,
      samples: samples.length,
      decoded: countDecoded(decoder, samples),
    })) // prettier-ignore
    .sort((a, b) => b.decoded - a.decoded)
  const [best] = tried
  if (best && best.decoded * 2 >= samples.length) return best
  const other = mostLooksLike(samples)
  const hint = other && other !== format ? ` They look like ${other}: try --decoder ${other}.` : ''
  throw new AppError(
    'legacy_invalid',
    `--decoder ${format} with this passphrase decodes ${best?.decoded ?? 0} of ${samples.length} samples.${hint || ' Check the passphrase.'}`,
  )
}

const countDecoded = ({ decodeAll }: Decoder, samples: readonly string[]): number =>
  decodeAll(samples).filter((text) => text !== undefined).length

const mostLooksLike = (samples: readonly string[]): Format | undefined =>
  (['iv-hex', 'openssl-md5'] as const).find(
    (format) => samples.filter((sample) => looksEncrypted(sample) === format).length * 2 > samples.length, // prettier-ignore
  )

const refuseEncrypted = (samples: readonly string[]): void => {
  const format = mostLooksLike(samples)
  if (format)
    throw new AppError(
      'legacy_invalid',
      `The credentials are encrypted and look like ${format}. Give --decoder ${format} --passphrase-file F.`,
    )
}
