/** What the timeline is drawn with: as much of a canvas as it uses, which an SVG can take, too. */

export interface Ink extends Pick<
    CanvasRenderingContext2D,
    | "fillStyle" | "strokeStyle" | "lineWidth" | "lineCap" | "lineJoin" | "globalAlpha" | "font" | "textAlign" | "textBaseline"
    | "save" | "restore" | "translate" | "clip" | "setLineDash" | "fillRect" | "strokeRect" | "fillText"
    | "beginPath" | "closePath" | "moveTo" | "lineTo" | "arc" | "rect" | "roundRect" | "fill" | "stroke"
> {
    measureText(text: string): { width: number };
}
