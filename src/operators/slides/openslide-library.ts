import type { OpenSlideFacts } from './openslide-messages.js';

/** A slide handle of the C library. */
type Handle = object;

/** The part of OpenSlide's C interface that is used. */
export interface OpenSlideLibrary {
  readonly version: string;
  /** @throws Error with the message of OpenSlide */
  open(path: string): OpenSlideHandle;
}

export interface OpenSlideHandle {
  readonly facts: OpenSlideFacts;
  /**
   * Fills `into` with premultiplied ARGB words.
   * @throws Error with the message of OpenSlide; afterwards the handle cannot be used
   */
  read(into: Uint32Array, x: number, y: number, level: number, width: number, height: number): void;
  close(): void;
}

/** Stack size of a call in bytes, twice koffi's default: libtiff and libxml2 need much for some files. */
const stackBytes = 4 * 2 ** 20;

/**
 * Loads libopenslide into this process. Only the process of `openslide-child.ts` may call it, because a fault of the
 * library ends its process.
 *
 * @throws Error if koffi is not installed, or the library cannot be loaded
 */
export async function loadOpenSlide(path: string): Promise<OpenSlideLibrary> {
  const { default: koffi } = await import('koffi');
  koffi.config({ sync_stack_size: stackBytes });
  const library = koffi.load(path);
  koffi.pointer('openslide_t', koffi.opaque());
  const declare = <Args extends readonly unknown[], Result>(prototype: string) =>
    library.func(prototype) as unknown as (...args: Args) => Result;

  const version = declare<[], string>('const char *openslide_get_version()')();
  const open = declare<[string], Handle | null>('openslide_t openslide_open(const char *)');
  const close = declare<[Handle], void>('void openslide_close(openslide_t)');
  const error = declare<[Handle], string | null>('const char *openslide_get_error(openslide_t)');
  const levelCount = declare<[Handle], number>('int32_t openslide_get_level_count(openslide_t)');
  const levelSize = declare<[Handle, number, BigInt64Array, BigInt64Array], void>(
    'void openslide_get_level_dimensions(openslide_t, int32_t, void *, void *)',
  );
  const downsample = declare<[Handle, number], number>(
    'double openslide_get_level_downsample(openslide_t, int32_t)',
  );
  const names = declare<[Handle], object | null>('void *openslide_get_property_names(openslide_t)');
  const value = declare<[Handle, string], string | null>(
    'const char *openslide_get_property_value(openslide_t, const char *)',
  );
  const region = declare<[Handle, Uint32Array, number, number, number, number, number], void>(
    'void openslide_read_region(openslide_t, void *, int64_t, int64_t, int32_t, int64_t, int64_t)',
  );

  function propertiesOf(handle: Handle): Record<string, string> {
    const found: Record<string, string> = {};
    const list = names(handle);
    for (let i = 0; list !== null; i++) {
      const name = koffi.decode(list, i * koffi.sizeof('void *'), 'char *') as string | null;
      if (name === null) break;
      found[name] = value(handle, name) ?? '';
    }
    return found;
  }

  function factsOf(handle: Handle): OpenSlideFacts {
    const levels = Array.from({ length: levelCount(handle) }, (_, level) => {
      const [width, height] = [new BigInt64Array(1), new BigInt64Array(1)];
      levelSize(handle, level, width, height);
      return {
        width: Number(width[0]),
        height: Number(height[0]),
        downsample: downsample(handle, level),
      };
    });
    return { levels, properties: propertiesOf(handle) };
  }

  return {
    version,
    open(slide) {
      const handle = open(slide);
      if (handle === null) throw new Error('OpenSlide does not know its format');
      const refused = error(handle);
      if (refused !== null) {
        close(handle);
        throw new Error(refused);
      }
      return {
        facts: factsOf(handle),
        read(into, x, y, level, width, height) {
          region(handle, into, x, y, level, width, height);
          const damaged = error(handle);
          if (damaged !== null) throw new Error(damaged);
        },
        close: () => close(handle),
      };
    },
  };
}
