"""Characters that LaTeX does not know by itself, and their commands."""

from __future__ import annotations

import re

_TABLE = r"""
α \alpha β \beta γ \gamma δ \delta ε \varepsilon ζ \zeta η \eta θ \theta ι \iota κ \kappa λ \lambda μ \mu ν \nu ξ \xi
π \pi ρ \rho σ \sigma τ \tau υ \upsilon φ \phi χ \chi ψ \psi ω \omega µ \mu
Γ \Gamma Δ \Delta Θ \Theta Λ \Lambda Ξ \Xi Π \Pi Σ \Sigma Φ \Phi Ψ \Psi Ω \Omega
← \leftarrow → \rightarrow ↔ \leftrightarrow ⇒ \Rightarrow ⇔ \Leftrightarrow
∇ \nabla ∂ \partial √ \surd ∞ \infty ∑ \sum ∏ \prod ∫ \int ‖ \Vert ∅ \emptyset ℓ \ell ℝ \mathbf{R} ⊥ \perp
∈ \in ∪ \cup ∩ \cap ≤ \leq ≥ \geq ≠ \neq ≈ \approx ≡ \equiv ≪ \ll ≫ \gg ∝ \propto ∧ \wedge ∨ \vee
− - × \times · \cdot ± \pm ∓ \mp ∘ \circ ∗ \ast ½ \tfrac12 ✓ \surd ✗ \times ⊤ \top ° {}^\circ
⁰ {}^0 ¹ {}^1 ² {}^2 ³ {}^3 ⁴ {}^4 ⁵ {}^5 ⁶ {}^6 ⁷ {}^7 ⁸ {}^8 ⁹ {}^9 ⁺ {}^+ ⁻ {}^- ᵀ {}^\top ⁿ {}^n ᵏ {}^k ᵗ {}^t ⁱ {}^i
₀ {}_0 ₁ {}_1 ₂ {}_2 ₃ {}_3 ₄ {}_4 ₅ {}_5 ₆ {}_6 ₇ {}_7 ₈ {}_8 ₉ {}_9 ₊ {}_+ ₋ {}_- ₖ {}_k ᵢ {}_i ⱼ {}_j ₙ {}_n
"""
_MATHEMATICAL = {character: rf"\ensuremath{{{command}}}" for character, command in re.findall(r"(\S) (\S+)", _TABLE)}
_SPACING = {"\u202f": r"\,", "\u2009": r"\,", "\xa0": "~", "…": r"\ldots{}", "–": "--", "—": "---", "\u2011": "-"}
COMMANDS = _MATHEMATICAL | _SPACING
"""What stands for a character in LaTeX, in text and in mathematics."""


def characters(written: str) -> list[tuple[str, str]]:
    """Each character that occurs and that LaTeX does not know, with its command; "" where there is none here either."""
    return [(c, COMMANDS.get(c, "")) for c in sorted(set(written)) if c in COMMANDS or not _known(c)]


def _known(character: str) -> bool:
    """ASCII, Latin letters, quotation marks: what every LaTeX reads as it is."""
    return ord(character) < 0x250 or 0x2010 <= ord(character) <= 0x203A
