"""All finished runs below an output folder, ranked, beside the published figures."""
