import type { AccountNeeds } from './account-needs.ts'
import { createInstanceAccounts } from './instance-accounts.ts'
import { createTokenAccounts } from './token-accounts.ts'
import { createUserAccounts } from './user-accounts.ts'

export type Accounts = ReturnType<typeof createAccounts>

/** What users, operators and the CLI do with users, tokens and instances. */
export const createAccounts = (needs: AccountNeeds) => ({
  ...createUserAccounts(needs),
  ...createTokenAccounts(needs),
  ...createInstanceAccounts(needs),
})
