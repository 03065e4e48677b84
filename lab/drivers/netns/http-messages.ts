/** Between the process of an HTTP service and the lab: JSON. Bodies are in base64. */
export type ToHttp =
  | { readonly kind: 'listen'; readonly port: number }
  | {
      readonly kind: 'respond';
      readonly id: number;
      readonly response: { readonly status: number; readonly contentType: string; readonly body: string };
    };

export type FromHttp =
  /** It listens. */
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'request';
      readonly id: number;
      readonly request: {
        readonly method: string;
        readonly path: string;
        readonly contentType: string | null;
        readonly body: string;
      };
    };
