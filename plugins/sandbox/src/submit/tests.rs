//! What the inbox can answer, and what each answer means.
