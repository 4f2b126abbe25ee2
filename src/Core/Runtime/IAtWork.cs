namespace FastStream.Runtime;

/// <summary>
/// Something that calls user code and knows on which thread it does so now, for messages about code that takes too
/// long.
/// </summary>
internal interface IAtWork
{
    /// <summary>The name of the operator or input.</summary>
    string Name { get; }

    /// <summary>The managed thread that runs it now; 0 if none does. Safe from any thread.</summary>
    int Thread { get; }
}
