// Addresses that C gives, which may be relative to the page.

/** What addresses are relative to: the option, or where the script runs; undefined if that is no place of its own. */
export const baseOf = (base) => base ?? globalThis.document?.baseURI ?? globalThis.location?.href;

/** @throws {TypeError} */
export function absolute(address, base) {
  try {
    return new URL(address, base);
  } catch {
    const isRelative = !/^[a-z][a-z+.-]*:/i.test(address);
    address = address.replace(/^([^/?#]*\/\/)[^/?#]*@/, "$1"); // an error is no place for a password
    throw new TypeError(
      !isRelative
        ? `${address} is no URL`
        : base === undefined
          ? `${address} is relative, and there is no page: give the client a base_url, or loadWeft the option base`
          : `${address} cannot be relative to ${base}`,
    );
  }
}
