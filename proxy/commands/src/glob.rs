//! Redis's own glob rules, as `KEYS`, `SCAN MATCH` and `PSUBSCRIBE` have them (`stringmatchlen` in util.c).
//!
//! `*` any bytes, `?` one byte, `[abc]` `[a-z]` `[^x]` one byte of (or not of) a class, `\x` the byte x. Bytes, not
//! characters, and case counts. Odd corners are kept, since an operator tests a pattern with `SCAN` first: a class
//! that is not closed ends with the pattern, `[z-a]` is `[a-z]`, `[a-]` is the range from `]` to `a`, and the empty
//! key matches only the empty pattern and `*`.
//!
//! Matching takes at most pattern length times key length steps: on a mismatch only the last `*` is tried again.

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    tokens: Vec<Token>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// `*`
    Many,
    /// `?`
    Any,
    Byte(u8),
    Class(Box<Class>),
}

/// Which of the 256 bytes belong, one bit each.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
struct Class([u64; 4]);

impl Glob {
    /// Reads a pattern. Every byte string is one.
    pub fn new(pattern: &[u8]) -> Glob {
        let mut tokens = Vec::new();
        let mut rest = pattern;
        while let Some((byte, behind)) = rest.split_first() {
            rest = behind;
            tokens.push(match (byte, behind.split_first()) {
                (b'*', _) => Token::Many,
                (b'?', _) => Token::Any,
                (b'[', _) => {
                    let (class, behind) = class(behind);
                    rest = behind;
                    Token::Class(Box::new(class))
                }
                (b'\\', Some((escaped, behind))) => {
                    rest = behind;
                    Token::Byte(*escaped)
                }
                _ => Token::Byte(*byte),
            });
        }
        Glob { tokens }
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &[u8]) -> bool {
        if text.is_empty() {
            // `KEYS *` takes a short cut past the matcher, and finds the empty key; `KEYS **` does not.
            return matches!(self.tokens[..], [] | [Token::Many]);
        }
        let (mut token, mut at) = (0, 0);
        // Where to go on after a mismatch: behind the last `*`, with one more byte given to it.
        let mut again: Option<(usize, usize)> = None;
        while let Some(byte) = text.get(at) {
            match self.tokens.get(token) {
                Some(Token::Many) => {
                    token += 1;
                    if token == self.tokens.len() {
                        return true;
                    }
                    again = Some((token, at));
                    continue;
                }
                Some(one) if one.takes(*byte) => {
                    token += 1;
                    at += 1;
                    continue;
                }
                _ => {}
            }
            let Some((behind_star, from)) = again else { return false };
            again = Some((behind_star, from + 1));
            (token, at) = (behind_star, from + 1);
        }
        self.tokens.get(token..).is_some_and(|rest| rest.iter().all(|token| matches!(token, Token::Many)))
    }
}

impl Token {
    fn takes(&self, byte: u8) -> bool {
        match self {
            Token::Many | Token::Any => true,
            Token::Byte(wanted) => *wanted == byte,
            Token::Class(class) => class.has(byte),
        }
    }
}

impl Class {
    fn add(&mut self, byte: u8) {
        if let Some(word) = self.0.get_mut(usize::from(byte >> 6)) {
            *word |= 1 << (byte & 63);
        }
    }

    fn has(&self, byte: u8) -> bool {
        self.0.get(usize::from(byte >> 6)).is_some_and(|word| word >> (byte & 63) & 1 == 1)
    }
}

/// Reads a class behind its `[`; returns it and what stands behind its `]`.
fn class(pattern: &[u8]) -> (Class, &[u8]) {
    let (not, mut rest) = match pattern.split_first() {
        Some((b'^', behind)) => (true, behind),
        _ => (false, pattern),
    };
    let mut class = Class::default();
    loop {
        rest = match rest {
            [] => break,
            [b'\\', escaped, behind @ ..] => {
                class.add(*escaped);
                behind
            }
            [b']', behind @ ..] => {
                rest = behind;
                break;
            }
            [from, b'-', to, behind @ ..] => {
                (*from.min(to)..=*from.max(to)).for_each(|byte| class.add(byte));
                behind
            }
            [byte, behind @ ..] => {
                class.add(*byte);
                behind
            }
        };
    }
    if not {
        class.0 = class.0.map(|word| !word);
    }
    (class, rest)
}
