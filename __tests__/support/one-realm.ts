/// <reference lib="esnext.error" />

// Jest runs tests in a realm of its own, and Node's own errors (of sockets, files, URLs) come from the realm around it:
// `instanceof Error` says no to them, in tests alone. Importing this module lets it say yes.
Object.defineProperty(Error, Symbol.hasInstance, {
  value(this: unknown, value: unknown): boolean {
    if (this === Error) return Error.isError(value);
    if (this === AggregateError && Error.isError(value) && value.name === 'AggregateError') return true;
    return Function.prototype[Symbol.hasInstance].call(this, value);
  },
});
