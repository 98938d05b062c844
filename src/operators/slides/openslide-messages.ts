/** A rectangle of a level. x and y are in level-0 pixels of OpenSlide's canvas, width and height in pixels of the level. */
export interface OpenSlideRegion {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Requests to the process of OpenSlide. Each request has one answer, in the same order. */
export type ToOpenSlide =
  | { readonly task: 'load'; readonly library: string }
  | { readonly task: 'open'; readonly path: string }
  | {
      readonly task: 'read';
      readonly level: number;
      readonly regions: readonly OpenSlideRegion[];
      /** Where in the pixel file the first region begins, in bytes. The other regions follow it. */
      readonly at: number;
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

/** Answers. After the answer to `read`, the pixels of all regions, each [height, width, 3], are in the pixel file. */
export type FromOpenSlide =
  | { readonly task: 'load'; readonly version: string }
  | { readonly task: 'open'; readonly facts: OpenSlideFacts }
  | { readonly task: 'read' }
  | {
      readonly task: 'failed';
      readonly reason: string;
      /** Error code of the system if the pixel file cannot be written, such as ENOSPC. */
      readonly code?: string;
    };

/** File descriptor of the pixel file in the process of OpenSlide. 0 to 3 are stdin, stdout, stderr and messages. */
export const pixelFile = 4;
