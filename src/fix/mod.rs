//! FIX 4.4: dictionary, decode, encode, session, order entry ⇄ model.
