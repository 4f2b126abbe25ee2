namespace FastStream.Runtime;

/// <summary>Calls code of users, and says on which thread it does so now: for messages about what takes too long.</summary>
internal interface IAtWork
{
    /// <summary>The operator or input.</summary>
    string Name { get; }

    /// <summary>The managed thread that is in it; 0 when none is. Any thread may ask.</summary>
    int Thread { get; }
}
