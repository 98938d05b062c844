/** Requests to the process of OpenSlide. Each request has one answer, in the same order. */
export type ToOpenSlide =
  | { readonly task: 'load'; readonly library: string }
  | { readonly task: 'open'; readonly path: string }
  | {
      readonly task: 'read';
      /** In level-0 pixels of OpenSlide's canvas. */
      readonly x: number;
      readonly y: number;
      readonly level: number;
      readonly width: number;
      readonly height: number;
    };

/** A slide, as OpenSlide describes it. */
export interface OpenSlideFacts {
  readonly levels: readonly {
    readonly width: number;
    readonly height: number;
    readonly downsample: number;
  }[];
  readonly properties: Readonly<Record<string, string>>;
}

/** Answers. After `pixels`, [height, width, 3] follow on the pipe of pixels. */
export type FromOpenSlide =
  | { readonly task: 'load'; readonly version: string }
  | { readonly task: 'open'; readonly facts: OpenSlideFacts }
  | { readonly task: 'read' }
  | { readonly task: 'failed'; readonly reason: string };

/** File descriptor of the pixel pipe in the process of OpenSlide. 0 to 3 are stdin, stdout, stderr and messages. */
export const pixelPipe = 4;
