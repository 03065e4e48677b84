/** What a Transaction exchange remembers between its two messages, draft-dukes-ike-mode-cfg-02 §3. */
export type TransactionState = {
  /** This end has asked, or told, and waits for the answer. `transactionAnswered`: the peer has, and this end has answered. */
  readonly kind: 'transactionSent' | 'transactionAnswered';
  readonly about: TransactionSubject;
};

/** XAuth asks who the user is, and then says what came of it; Mode Config asks for addresses (pull), or tells them (push). */
export type TransactionSubject = 'xauthQuestion' | 'xauthStatus' | 'pull' | 'push';
