/** A tile of thin diagonal strokes, as a colour that ECharts can fill with. Sharp on every screen. */
export function hatch(colour: string) {
  const size = 7
  const ratio = Math.max(1, Math.ceil(devicePixelRatio))
  const image = document.createElement('canvas')
  image.width = image.height = size * ratio
  const context = image.getContext('2d')
  if (context) {
    context.scale(ratio, ratio)
    context.strokeStyle = colour
    context.lineWidth = 1
    context.beginPath()
    // The corners' strokes make the tile join itself.
    for (const x of [-size, 0, size]) {
      context.moveTo(x - 1, size + 1)
      context.lineTo(x + size + 1, -1)
    }
    context.stroke()
  }
  return { image, repeat: 'repeat' as const, scaleX: 1 / ratio, scaleY: 1 / ratio }
}
