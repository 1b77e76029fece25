/** How figures are written. */
export const seconds = (ms: number): string =>
  ms < 10_000 ? `${(ms / 1000).toFixed(2)} s` : `${(ms / 1000).toFixed(1)} s`

export const bytes = (count: number): string => {
  const mebibytes = count / 1024 ** 2
  return mebibytes < 1024 ? `${mebibytes.toFixed(0)} MiB` : `${(mebibytes / 1024).toFixed(2)} GiB`
}

export const percent = (share: number): string => `${(share * 100).toFixed(0)} %`

/** `31x less`: the figure is a 31st of the reference. */
export const ratio = (figure: number, reference: number | undefined): string => {
  if (reference === undefined || reference <= 0 || figure <= 0) return '-'
  const times = figure < reference ? reference / figure : figure / reference
  const text = `${times.toFixed(times < 10 ? 1 : 0)}x`
  return text === '1.0x' ? 'the same' : `${text} ${figure < reference ? 'less' : 'more'}`
}
