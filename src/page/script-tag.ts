const loading = new Map<string, Promise<void>>();

/** Loads a script that lies beside the folder of these modules, once. */
export function loadScript(name: string): Promise<void> {
  const address = new URL(`../${name}`, import.meta.url).href;
  const known = loading.get(address);
  if (known) return known;
  const loaded = new Promise<void>((resolve, reject) => {
    const script = document.createElement('script');
    script.src = address;
    script.addEventListener('load', () => resolve());
    script.addEventListener('error', () => reject(new Error(`${address} cannot be loaded.`)));
    document.head.append(script);
  });
  loading.set(address, loaded);
  return loaded;
}
