using Microsoft.Extensions.Options;

namespace FastStream.Hosting;

/// <summary>
/// Refuses invalid settings of a job when the host starts; the message has the job's name and what is expected.
/// </summary>
internal sealed class OptionsChecks(string job) : IValidateOptions<StreamingOptions>, IValidateOptions<StreamJobOptions>
{
    public ValidateOptionsResult Validate(string? name, StreamingOptions options)
    {
        if (name != job)
        {
            return ValidateOptionsResult.Skip;
        }

        try
        {
            options.Validate();
            return ValidateOptionsResult.Success;
        }
        catch (ArgumentException error)
        {
            return ValidateOptionsResult.Fail($"The settings of job {job} are not valid: {error.Message}");
        }
    }

    public ValidateOptionsResult Validate(string? name, StreamJobOptions options)
    {
        if (name != job)
        {
            return ValidateOptionsResult.Skip;
        }

        string[] problems = [.. options.Problems()];
        return problems.Length == 0
            ? ValidateOptionsResult.Success
                : ValidateOptionsResult.Fail(problems.Select(problem => $"The settings of job {job} are not valid: {problem}."));
    }
}
