namespace FastStream;

/// <summary>A batch of an earlier run that must run again, with its inputs' batches.</summary>
/// <param name="Time">Its time.</param>
/// <param name="Inputs">The inputs' batches, by input index.</param>
/// <param name="Outcome">How far it came.</param>
/// <param name="WasCounted">Whether the earlier run completed it successfully.</param>
internal sealed record LoadedBatch(BatchTime Time, InputBatch[] Inputs, Outcome Outcome, bool WasCounted);
