/**
 * A function of a value that is asked for again and again, such as a part of the configuration: each value's result is made once and
 * kept as long as the value is. Neither may be changed afterwards.
 */
export function remembered<Value extends object, Result>(make: (value: Value) => Result): (value: Value) => Result {
  const known = new WeakMap<Value, { readonly result: Result }>();
  return value => {
    const found = known.get(value);
    if (found !== undefined) return found.result;
    const result = make(value);
    known.set(value, { result });
    return result;
  };
}
